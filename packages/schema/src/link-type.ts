/** How links between objects are called on the configuration channel, and which of its ends holds them. */
import { objectType, plain, typeNames, type ObjectTypeName } from './object-type.ts';

/** One kind of link. */
export interface LinkType {
  /** The metadata of the link. */
  readonly name: string;
  /** `from` refers to `to`, or is its child. */
  readonly kind: 'reference' | 'parent';
  readonly from: ObjectTypeName;
  readonly to: ObjectTypeName;
  /**
   * Whether the link says something itself: then a node of its name stands between its ends, called `attr(LEFT,RIGHT)`,
   * with what it says as its `value`.
   */
  readonly hasAttribute: boolean;
}

/** Names that do not follow from those of the ends. */
const ownNames: Readonly<Record<string, string>> = { 'routing-instance-route-target': 'instance-target' };

/** Every link there can be, by name. */
export const linkTypes: ReadonlyMap<string, LinkType> = new Map(
  typeNames()
    .flatMap((from): LinkType[] => {
      const { parents, references } = objectType(from);
      const referredTo = Object.entries(references) as [ObjectTypeName, unknown][];
      return [
        ...(parents as readonly ObjectTypeName[]).map((to) =>
          linkType(`${to}-${from}`, 'parent', from, to, false),
        ),
        ...referredTo.map(([to, schema]) =>
          linkType(`${from}-${to}`, 'reference', from, to, schema !== plain),
        ),
      ];
    })
    .map((type) => [type.name, type]),
);

function linkType(
  name: string,
  kind: LinkType['kind'],
  from: ObjectTypeName,
  to: ObjectTypeName,
  hasAttribute: boolean,
): LinkType {
  return { name: ownNames[name] ?? name, kind, from, to, hasAttribute };
}

/** The link from an object to one that it refers to. */
export function referenceType(from: ObjectTypeName, to: ObjectTypeName): LinkType {
  const name = `${from}-${to}`;
  return linkTypes.get(ownNames[name] ?? name)!;
}

/** The link from an object to its parent. */
export function parentType(from: ObjectTypeName, to: ObjectTypeName): LinkType {
  return linkTypes.get(`${to}-${from}`)!;
}
