/** All that one write brings about: the object itself, and what the rules add to it. */
import { addedTargets, ConfigRequestError, nameKey, referredTo, type ConfigObject } from '@vaportrail/schema';
import { claimText, type Claim } from './claims.ts';
import type { StoredConfiguration } from './stored-configuration.ts';
import { CLAIM, LINKS, LONGEST_KEY, NAME, OBJECT, TransactionDraft } from './transaction-draft.ts';
import type { ObjectWrite, Standing, WriteRule } from './write-rule.ts';

/** More objects than this hang on no single one: a rule would be going in circles. */
const MAX_WRITES = 10_000;

export interface PlannedWrite extends ObjectWrite {
  readonly claims: readonly Claim[];
  readonly releases: readonly Claim[];
}

/**
 * The write, completed by the rules, and its companions after it.
 * @throws ConfigRequestError of a rule; 409 when an object that goes is still used by one that stays
 */
export function plannedWrites(
  primary: ObjectWrite,
  rules: readonly WriteRule[],
  standing: Standing,
): PlannedWrite[] {
  const open: ObjectWrite[] = [primary];
  const plan: PlannedWrite[] = [];
  for (let i = 0; i < open.length; i++) {
    if (i > MAX_WRITES) throw new ConfigRequestError(400, 'the write brings about too many others');
    let write = open[i]!;
    const claims: Claim[] = [];
    const releases: Claim[] = [];
    for (const rule of rules) {
      const extension = rule(write, standing);
      if (extension === undefined) continue;
      if (extension.after !== undefined) write = { ...write, after: extension.after };
      claims.push(...(extension.claims ?? []));
      releases.push(...(extension.releases ?? []));
      open.push(...(extension.companions ?? []));
    }
    if (write.after === undefined && write.before !== undefined)
      releases.push(...standing.claims.heldBy(write.before.uuid));
    const { before, after } = write;
    plan.push({
      ...(before && { before }),
      ...(after && { after: standing.graph.compact(after) }),
      claims,
      releases,
    });
  }
  refuseWhatIsUsed(plan, standing);
  refuseWhatIsTaken(plan, standing);
  return plan;
}

/**
 * What a plan needs and changes in the store, after what is in a draft already.
 * @throws ConfigRequestError 400 for a name that is longer than what a store takes
 */
export function drafted(
  plan: readonly PlannedWrite[],
  draft: TransactionDraft,
  stored: Pick<StoredConfiguration, 'graph' | 'linksOf'>,
): TransactionDraft {
  const part = new TransactionDraft();
  const fresh = new Set<string>();
  for (const { before, after } of plan)
    if (before === undefined && after !== undefined) fresh.add(after.uuid);
  for (const { before, after, claims, releases } of plan) {
    const { uuid, type, fqName } = (after ?? before)!;
    const key = OBJECT + uuid;
    const name = NAME + nameKey(type, fqName);
    if (before === undefined) {
      if (name.length > LONGEST_KEY)
        throw new ConfigRequestError(
          400,
          `fq_name is too long for a key: ${name.length} octets of ${LONGEST_KEY}`,
        );
      part.absent(key);
      part.absent(name);
      part.change(name, uuid);
    } else if (!draft.writes(key)) part.same(key, before);
    if (after === undefined) {
      const count = stored.linksOf(uuid);
      expectLinks(part, uuid, count);
      for (const gone of [key, name]) part.change(gone, undefined);
      if (count !== undefined) part.change(LINKS + uuid, undefined);
    } else {
      part.change(key, after);
      const gained = before === undefined ? targets(after) : addedTargets(before, after);
      for (const target of new Set(gained)) {
        // Whoever comes to know of one that is new learns of this as well.
        if (fresh.has(target) || draft.makes(OBJECT + target)) continue;
        const count = stored.linksOf(target);
        expectLinks(part, target, count);
        if (count === undefined) expectThere(part, stored.graph.get(target));
        part.change(LINKS + target, String((count ?? 0) + 1));
      }
    }
    for (const claim of releases) part.change(CLAIM + claimText(claim), undefined);
    for (const claim of claims) {
      part.absent(CLAIM + claimText(claim));
      part.change(CLAIM + claimText(claim), uuid);
    }
  }
  return part;
}

function expectLinks(part: TransactionDraft, uuid: string, count: number | undefined): void {
  if (count === undefined) part.absent(LINKS + uuid);
  else part.same(LINKS + uuid, String(count));
}

/** An object without a link counter may be gone as well: its name stays as long as it does. */
function expectThere(part: TransactionDraft, object: ConfigObject | undefined): void {
  if (object !== undefined) part.same(NAME + nameKey(object.type, object.fqName), object.uuid);
}

/** UUIDs an object hangs on. */
function targets(object: ConfigObject): string[] {
  return [...(object.parent === undefined ? [] : [object.parent.uuid]), ...referredTo(object)];
}

function refuseWhatIsUsed(plan: readonly PlannedWrite[], { graph }: Standing): void {
  const written = new Map(
    plan.map(({ before, after }): [string, ConfigObject | undefined] => [(before ?? after)!.uuid, after]),
  );
  for (const { before, after } of plan) {
    if (after !== undefined || before === undefined) continue;
    const { type, uuid, fqName } = before;
    const inTheWay = [...graph.children(uuid), ...graph.referrers(uuid)].filter(
      (other) => !written.has(other.uuid) || refersTo(written.get(other.uuid), uuid),
    );
    if (inTheWay.length === 0) continue;
    const some = inTheWay.slice(0, 5).map((other) => `${other.type} ${other.fqName.join(':')}`);
    const more = inTheWay.length > 5 ? ` and ${inTheWay.length - 5} more` : '';
    throw new ConfigRequestError(
      409,
      `${type} ${fqName.join(':')} is still used by ${some.join(', ')}${more}`,
    );
  }
}

function refersTo(object: ConfigObject | undefined, uuid: string): boolean {
  if (object === undefined) return false;
  return (
    object.parent?.uuid === uuid ||
    Object.values(object.references).some((list) => list.some((reference) => reference.uuid === uuid))
  );
}

function refuseWhatIsTaken(plan: readonly PlannedWrite[], { claims, graph }: Standing): void {
  const released = new Set(plan.flatMap(({ releases }) => releases.map(claimText)));
  for (const { after, claims: wanted } of plan) {
    for (const claim of wanted) {
      const owner = claims.owner(claim);
      if (owner === undefined || owner === after?.uuid || released.has(claimText(claim))) continue;
      const who = graph.get(owner);
      throw new ConfigRequestError(
        409,
        `${claim.name} is taken by ${who === undefined ? owner : `${who.type} ${who.fqName.join(':')}`}`,
      );
    }
  }
}
