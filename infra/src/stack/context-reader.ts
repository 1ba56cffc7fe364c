import type { Node } from 'constructs';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Faults } from '../common/configuration-error.js';
import type { NetworkPlacement } from '../hosting/settings.js';

/** What the stack makes for an endpoint to be placed in and encrypted with. */
export interface StackPlace {
  readonly network?: NetworkPlacement;
  readonly key?: IKey;
}

/** Reads typed values of the context and notes what is wrong with them. */
export class ContextReader {
  readonly faults: Faults;
  readonly #node: Node;

  constructor(node: Node, faults: Faults) {
    this.#node = node;
    this.faults = faults;
  }

  raw(key: string): unknown {
    return this.#node.tryGetContext(key);
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'object') {
      this.faults.add(`${key} must be text`);
      return undefined;
    }
    return String(value).trim();
  }

  number(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    this.faults.require(/^\d+(\.\d+)?$/.test(value), `${key} is "${value}"; it must be a number`);
    return Number(value);
  }

  flag(key: string): boolean {
    const value = this.text(key) ?? 'false';
    this.faults.require(['true', 'false'].includes(value), `${key} is "${value}"; it must be true or false`);
    return value === 'true';
  }

  oneOf<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(key) ?? fallback;
    const found = allowed.find((each) => each === value);
    this.faults.require(found !== undefined, `${key} is "${value}"; it must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  }

  list(key: string): string[] {
    const value = this.raw(key);
    const items = Array.isArray(value) ? value.map(String) : (this.text(key)?.split(',') ?? []);
    return items.map((item) => item.trim()).filter((item) => item !== '');
  }

  /** Least and greatest number of what is counted: instances, copies. */
  bounds<T extends 'InstanceCount' | 'CopyCount'>(
    what: T,
  ): { readonly [K in `min${T}` | `max${T}`]?: number } {
    return {
      [`min${what}`]: this.number(`min${what}`),
      [`max${what}`]: this.number(`max${what}`),
    } as { readonly [K in `min${T}` | `max${T}`]?: number };
  }

  /** Type of the instances, and processes on each. */
  instances(): { readonly instanceType?: string; readonly workers?: number } {
    return { instanceType: this.text('instanceType'), workers: this.number('workers') };
  }
}
