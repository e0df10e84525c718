/** An item that is dropped, and why; the session goes on. */
export class ItemDropped extends Error {
  override readonly name = 'ItemDropped';
}
