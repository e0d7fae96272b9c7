// The few functions of node that the tests use; the page itself has no node types.
declare module 'node:test' {
  export function beforeEach(work: () => void): void;
  export function test(name: string, body: () => void | Promise<void>): void;
}

declare module 'node:assert/strict' {
  interface Assert {
    equal(actual: unknown, expected: unknown): void;
    deepEqual(actual: unknown, expected: unknown): void;
    notEqual(actual: unknown, expected: unknown): void;
    match(text: string, pattern: RegExp): void;
    doesNotMatch(text: string, pattern: RegExp): void;
    ok(value: unknown): asserts value;
  }
  const assert: Assert;
  export default assert;
}
