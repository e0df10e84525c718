/**
 * Which route targets this node asks its peers for: the import targets of the routing instances that have
 * subscribers now. A route whose target nobody here imports need not be sent here.
 *
 * @see RFC 4684 §3.2
 */
import { hexText } from '@vaportrail/net';

/** A change of what is asked for. */
export interface MembershipChange {
  readonly type: 'announce' | 'withdraw';
  readonly target: Uint8Array;
}

/** Counts the instances that want each target. */
export class RouteTargetMembership {
  readonly #wanted = new Map<string, { readonly target: Uint8Array; instances: number }>();

  /** The targets asked for now. */
  get targets(): Uint8Array[] {
    return [...this.#wanted.values()].map(({ target }) => target);
  }

  /** An instance with these import targets got its first subscriber. */
  want(targets: readonly Uint8Array[]): MembershipChange[] {
    const changes: MembershipChange[] = [];
    for (const target of targets) {
      const entry = this.#wanted.get(hexText(target));
      if (entry !== undefined) entry.instances++;
      else {
        this.#wanted.set(hexText(target), { target, instances: 1 });
        changes.push({ type: 'announce', target });
      }
    }
    return changes;
  }

  /** An instance with these import targets lost its last subscriber. */
  release(targets: readonly Uint8Array[]): MembershipChange[] {
    const changes: MembershipChange[] = [];
    for (const target of targets) {
      const entry = this.#wanted.get(hexText(target));
      if (entry === undefined || --entry.instances > 0) continue;
      this.#wanted.delete(hexText(target));
      changes.push({ type: 'withdraw', target });
    }
    return changes;
  }
}
