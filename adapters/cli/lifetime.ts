// The lifetimes that Python's pytimeparse 1.1 reads, so that an environment made for
// python-dtuf means the same here. What it does not know (months, years) is refused as there.

const number = String.raw`(?:\d+\.?\d*|\.\d+)`;
const seconds = String.raw`\d{2}(?:\.\d+)?`;
const separator = String.raw`\s*(?:[,/]\s*)?`;

const unit = (name: string, words: string, end = separator) =>
  String.raw`(?:(?<${name}>${number})\s*(?:${words})${end})?`;

const weeks = unit('weeks', 'w|wks?|weeks?');
const days = unit('days', 'd|dys?|days?');
const hours = unit('hours', 'h|hrs?|hours?');
const minutes = unit('minutes', 'm|mins?|minutes?');
const words = unit('seconds', 's|secs?|seconds?', '');

const forms = [
  weeks + days + hours + minutes + words,
  String.raw`(?<minutes>\d{1,2}):(?<seconds>${seconds})`,
  String.raw`${weeks}${days}(?<hours>\d+):(?<minutes>\d{2}):(?<seconds>${seconds})`,
  String.raw`(?<days>\d+):(?<hours>\d{2}):(?<minutes>\d{2}):(?<seconds>${seconds})`,
  `:(?<seconds>${seconds})`,
].map((form) => new RegExp(String.raw`^(?<sign>[+-])?\s*${form}$`, 'i'));

// The forms take time that grows faster than the text; nobody writes a longer one.
const longest = 100;

const secondsIn: Readonly<Record<string, number>> = {
  weeks: 604_800,
  days: 86_400,
  hours: 3_600,
  minutes: 60,
  seconds: 1,
};

/**
 * Reads a span of time as pytimeparse does: `1 day`, `2w 3d`, `1:30:00`, `1.5h`.
 *
 * @returns seconds, perhaps a fraction or below zero; undefined where it is no span of time.
 */
export function parseLifetime(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > longest) return undefined;
  for (const form of forms) {
    const groups = form.exec(trimmed)?.groups;
    const found = Object.entries(groups ?? {}).filter(([name, value]) => value && name !== 'sign');
    if (!groups || found.length === 0) continue;
    const sum = found.reduce((total, [name, value]) => total + Number(value) * (secondsIn[name] ?? 0), 0);
    // Only seconds keep a fraction. Cut in decimals: 5.1 days are 440640 seconds, the binary product is a hair less.
    const total = groups.seconds?.includes('.') ? sum : Math.trunc(Number(sum.toFixed(6)));
    return groups.sign === '-' ? -total : total;
  }
  return undefined;
}
