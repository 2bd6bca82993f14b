/** Headers that are to be shown, of which a server may have made an echo of what it was sent. */
export function redacted(headers: Headers, redact: (text: string) => string): Pick<Headers, 'get'> {
  return {
    get: (name) => {
      const text = headers.get(name);
      return text === null ? null : redact(text);
    },
  };
}
