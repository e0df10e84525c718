/** What each Service was told of its external addresses: once for every state of it that lacks them. */
import type { ObjectKey } from './cluster.ts';
import type { Service } from './kubernetes-object.ts';
import { isOfAnother } from './mapping/load-balancer-class.ts';

export class ToldAddresses {
  readonly #say: (service: Service, addresses: readonly string[]) => void;
  readonly #told = new Map<ObjectKey, string>();

  constructor(say: (service: Service, addresses: readonly string[]) => void) {
    this.#say = say;
  }

  /** Tells a Service the addresses it has, where its status says something else. */
  tell(key: ObjectKey, service: Service, addresses: readonly string[]): void {
    if (isOfAnother(service)) return;
    const present = service.status?.loadBalancer?.ingress.flatMap(({ ip }) => ip ?? []) ?? [];
    const wanted = service.spec.type === 'LoadBalancer' ? addresses : [];
    const { uid, resourceVersion } = service.metadata;
    // Told to this very state of the Service; a later one without the addresses is told again.
    const told = [uid, resourceVersion, ...wanted].join();
    if (wanted.join() === present.join() && resourceVersion !== undefined) this.#told.delete(key);
    else if (
      this.#told.get(key) !== told &&
      (wanted.length > 0 || this.#told.has(key) || present.length > 0)
    ) {
      this.#told.set(key, told);
      this.#say(service, wanted);
    }
  }

  forget(key: ObjectKey): void {
    this.#told.delete(key);
  }
}
