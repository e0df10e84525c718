/**
 * ADD-PATH as operators configure it for a family of a peer: `receive`, `send` (all paths), `both`, or with a number of
 * paths `{ send: 4 }`.
 * @see RFC 7911
 */
import { z } from 'zod';
import { wholeNumber } from './settings.ts';

const paths = z.union([z.literal('all'), wholeNumber(1, 255)], {
  error: 'must be "all" or a number of paths from 1 to 255',
});

/** The setting of one family. */
export const addPath = z.union(
  [
    z.enum(['receive', 'send', 'both']),
    z.strictObject({
      /** The peer may send several paths to a destination. */
      receive: z.boolean().default(false),
      /** The peer is sent all paths to a destination, or the best so many. */
      send: paths.optional(),
    }),
  ],
  { error: 'must be "receive", "send", "both", or receive and send with a number of paths: {send: 4}' },
);
export type AddPathSetting = z.output<typeof addPath>;

/** Which directions are offered to the peer; none when the setting is empty. */
function addPathMode(setting: AddPathSetting): 'receive' | 'send' | 'both' | undefined {
  if (typeof setting === 'string') return setting;
  if (setting.send === undefined) return setting.receive ? 'receive' : undefined;
  return setting.receive ? 'both' : 'send';
}

/** The most paths to a destination that a peer is sent; Infinity: all. */
export function addPathsSent(setting: AddPathSetting | undefined): number {
  const send = typeof setting === 'object' ? setting.send : 'all';
  return send === undefined || send === 'all' ? Number.POSITIVE_INFINITY : send;
}

/** What a session offers, by family. */
export function addPathModes<Family extends string>(
  settings: Partial<Record<Family, AddPathSetting>>,
): Partial<Record<Family, 'receive' | 'send' | 'both'>> {
  const modes: Partial<Record<Family, 'receive' | 'send' | 'both'>> = {};
  for (const [family, setting] of Object.entries(settings) as [Family, AddPathSetting][]) {
    const mode = addPathMode(setting);
    if (mode !== undefined) modes[family] = mode;
  }
  return modes;
}
