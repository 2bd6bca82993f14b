// A registry may repeat in an error what it was sent. Nothing of it reaches a terminal or a log (ATTACKS 69).

// Shorter ones would blot out ordinary words, and are no secrets.
const shortest = 4;

/** Makes a function that blots out each of `secrets`, as it stands and as JSON has it. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= shortest)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
}
