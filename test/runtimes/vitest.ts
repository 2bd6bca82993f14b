// What the tests import as 'vitest', in runtimes that vitest itself does not run in: its own parts that need no host.
// Only what the tests use is here. Anything else is undefined, and a test that calls it fails.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';
import { getCurrentTest } from '@vitest/runner';
import { fn, restoreAllMocks, spyOn } from '@vitest/spy';

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFailed,
  onTestFinished,
  suite,
  test,
} from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** As in vitest, an assertion knows its test: a promise that nobody awaits fails it. */
function assertion(value: unknown, message?: string): Chai.Assertion {
  const made = chai.expect(value, message);
  const test = getCurrentTest();
  return test ? Object(made).withTest(test) : made;
}

export const expect: ExpectStatic = Object.assign(
  assertion,
  chai.expect,
  Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT),
  {
    extend: (matchers: object) => Object(chai.expect).extend(expect, matchers),
    element: (locate: () => Element) => ({
      toBeVisible: () => vi.waitFor(() => expect(locate().checkVisibility()).toBe(true)),
    }),
    unreachable: (message = 'this') => chai.assert.fail(`expected "${message}" not to be reached`),
  },
);
// The matchers of asymmetric ones, as of `expect.any`, are found through it.
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, configurable: true, writable: true });
expect.extend(customMatchers);

const ownDate = Date;

/** `Date` as it is at one moment that does not pass; all other timers go on. */
function stopDateAt(now: number): void {
  globalThis.Date = new Proxy(ownDate, {
    construct: (date, values, made) =>
      Reflect.construct(date, values.length === 0 ? [now] : values, made === globalThis.Date ? date : made),
    apply: () => new ownDate(now).toString(),
    get: (date, name) => (name === 'now' ? () => now : Reflect.get(date, name)),
  });
}

const stubbed = new Map<string, PropertyDescriptor | undefined>();

export const vi = {
  fn,
  spyOn,
  restoreAllMocks,
  stubGlobal(name: string, value: unknown): void {
    if (!stubbed.has(name)) stubbed.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: true, writable: true });
  },
  /** Of the date alone. */
  useFakeTimers({ now = ownDate.now(), toFake }: { now?: number; toFake: readonly ['Date'] }): void {
    if (toFake.length !== 1 || toFake[0] !== 'Date')
      throw new Error('no other timers than Date can be faked');
    stopDateAt(now);
  },
  setSystemTime: stopDateAt,
  useRealTimers(): void {
    globalThis.Date = ownDate;
  },
  /** With vitest's own bounds. */
  async waitFor<T>(look: () => T | Promise<T>): Promise<T> {
    for (const end = performance.now() + 1000; ; ) {
      try {
        return await look();
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  },
  unstubAllGlobals(): void {
    for (const [name, before] of stubbed) {
      if (before) Object.defineProperty(globalThis, name, before);
      else Reflect.deleteProperty(globalThis, name);
    }
    stubbed.clear();
  },
};

const provided: Record<string, unknown> = {};

/** Sets what {@link inject} answers. */
export function provide(values: Readonly<Record<string, unknown>>): void {
  Object.assign(provided, values);
}

export function inject(name: string): unknown {
  return provided[name];
}
