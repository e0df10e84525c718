/**
 * Fields of manifests that Kubernetes does not know. `kubectl apply` refuses them (`--validate=strict`, its default), because
 * a misspelt optional field would otherwise be as if it were not there.
 *
 * What is known comes from the models of the client library. `status` is left out: it is the server's, which may be newer.
 */
import * as models from '@kubernetes/client-node';
import { suggestion } from '@vaportrail/show';
import { isMap, isNode, isScalar, isSeq, type YAMLMap } from 'yaml';

export interface UnknownField {
  /** `spec.ports[0].targtPort` */
  readonly path: string;
  /** Where its key begins. */
  readonly offset: number;
  readonly message: string;
}

/** A field of a model: its name in a manifest, and the model or shape of its value. */
interface ModelField {
  readonly baseName: string;
  readonly type: string;
}

/** Models of kinds that the client library does not have: those of custom resources. */
const customModels: Readonly<Record<string, readonly ModelField[]>> = {
  NetworkAttachmentDefinition: [
    { baseName: 'apiVersion', type: 'string' },
    { baseName: 'kind', type: 'string' },
    { baseName: 'metadata', type: 'V1ObjectMeta' },
    { baseName: 'spec', type: 'NetworkAttachmentDefinitionSpec' },
  ],
  NetworkAttachmentDefinitionSpec: [{ baseName: 'config', type: 'string' }],
};

/** @param model name of the model in the client library, e.g. `V1Service`, or of a custom one */
export function unknownFields(model: string, object: YAMLMap): UnknownField[] {
  const known = fieldsOf(model)!.filter(({ baseName }) => baseName !== 'status');
  return [...fieldsOfMap(object, known, '', (key) => key === 'status')];
}

function* fieldsOfMap(
  map: YAMLMap,
  known: readonly ModelField[],
  path: string,
  isPassedOver: (key: string) => boolean = () => false,
): Iterable<UnknownField> {
  for (const { key, value } of map.items) {
    // `<<` merges another mapping in.
    if (!isScalar(key) || key.value === '<<') continue;
    const name = String(key.value);
    if (isPassedOver(name)) continue;
    const at = path === '' ? name : `${path}.${name}`;
    const field = known.find(({ baseName }) => baseName === name);
    if (field !== undefined) yield* fieldsOfValue(value, field.type, at);
    else {
      const names = known.map(({ baseName }) => baseName);
      const meant = suggestion(name, names);
      const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
      yield { path: at, offset: key.range?.[0] ?? 0, message: `unknown field${hint}` };
    }
  }
}

/** @param type as the models have it: `Array<V1ServicePort>`, `{ [key: string]: string; }`, `V1PodSpec`, `number`, … */
function* fieldsOfValue(value: unknown, type: string, path: string): Iterable<UnknownField> {
  const element = /^(?:Array|Set)<(.+)>$/.exec(type)?.[1];
  const member = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (!isNode(value)) return;
  if (element !== undefined && isSeq(value)) {
    for (const [index, item] of value.items.entries())
      yield* fieldsOfValue(item, element, `${path}[${index}]`);
  } else if (member !== undefined && isMap(value)) {
    for (const pair of value.items) yield* fieldsOfValue(pair.value, member, `${path}.${String(pair.key)}`);
  } else if (isMap(value)) {
    const known = fieldsOf(type);
    if (known !== undefined) yield* fieldsOfMap(value, known, path);
  }
}

/** The fields of a model; undefined for what is no model, such as `string`, `any` or `IntOrString`. */
function fieldsOf(type: string): readonly ModelField[] | undefined {
  if (Object.hasOwn(customModels, type)) return customModels[type];
  const model = (models as Readonly<Record<string, unknown>>)[type];
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined;
  return (model.getAttributeTypeMap as () => ModelField[])();
}
