/** Labels as `mpls --dump` and `mpls --get` of a vRouter print them. */
import type { VrouterLabelView } from '../vrouter-views.ts';

/** The banner and the labels given: all of them, or the one asked for. */
export function labelsText(labels: readonly VrouterLabelView[]): string {
  const lines = labels.map(
    ({ label, nextHop }) => `${String(label).padStart(8)}${String(nextHop).padStart(10)}\n`,
  );
  return `MPLS Input Label Map\n\n   Label    NextHop\n-------------------\n${lines.join('')}`;
}
