/** Holds what a server does against what its OpenAPI document promises. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Test } from 'tap';

interface Content {
  readonly content?: Record<string, { readonly schema: object }>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: Content;
  readonly responses: Record<string, Content>;
}

export class OpenApiPromise {
  readonly #t: Test;
  readonly #ajv: Ajv2020;
  readonly #paths: Record<string, Record<string, Operation>>;
  readonly #validators = new Map<object, ValidateFunction>();

  constructor(t: Test, document: object) {
    const { paths, components } = document as {
      paths: Record<string, Record<string, Operation>>;
      components: object;
    };
    this.#t = t;
    this.#paths = paths;
    this.#ajv = new Ajv2020({ strict: false, validateFormats: false });
    this.#ajv.addSchema({ $id: 'api:', components });
  }

  /** Fails unless the document has the path, method and status, and bodies are as it says. */
  exchange(method: string, url: string, body: unknown, status: number, answer: unknown): void {
    const { pathname, searchParams } = new URL(url, 'http://api');
    const what = `${method} ${url} → ${status}`;
    const path = Object.keys(this.#paths).find((each) => matches(each, pathname));
    // A path or method the document does not have is refused.
    if (path === undefined) return this.#must(status === 404, `${what}: the document does not have it`);
    const operation = this.#paths[path]![method.toLowerCase()];
    if (operation === undefined) return this.#must(status === 405, `${what}: the document does not have it`);
    const said = operation.responses[status];
    if (said === undefined) return this.#must(false, `${what}: the document does not have that status`);
    const known = operation.parameters?.filter((each) => each.in === 'query') ?? [];
    if (status < 300) {
      for (const [name, value] of searchParams)
        this.#check(known.find((each) => each.name === name)?.schema, value, `${what}: ${name}`);
      if (body !== undefined) this.#check(schemaOf(operation.requestBody), body, `${what}: the request`);
    }
    if (answer !== undefined) this.#check(schemaOf(said), answer, `${what}: the answer`);
  }

  #check(schema: object | undefined, value: unknown, what: string): void {
    if (schema === undefined) return this.#must(false, `${what} is not in the document`);
    let validator = this.#validators.get(schema);
    if (validator === undefined) {
      // References are to the document, wherever the schema stands in it.
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api:#/')) as object;
      this.#validators.set(schema, (validator = this.#ajv.compile(absolute)));
    }
    if (!validator(value)) this.#must(false, `${what}: ${this.#ajv.errorsText(validator.errors)}`);
  }

  #must(holds: boolean, message: string): void {
    if (!holds) this.#t.fail(message);
  }
}

function schemaOf(content: Content | undefined): object | undefined {
  return content?.content?.['application/json']?.schema;
}

/** `/project/{uuid}` */
function matches(template: string, pathname: string): boolean {
  const [wanted, given] = [template.split('/'), pathname.split('/')];
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i])
  );
}
