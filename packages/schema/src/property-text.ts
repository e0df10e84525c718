/** Whether texts in properties are what they claim to be. */
import { parseRouteTarget } from '@vaportrail/net';

/** `target:64512:100` and the like. */
export function isRouteTargetText(text: string): boolean {
  return text.startsWith('target:') && parses(parseRouteTarget, text);
}

function parses(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
