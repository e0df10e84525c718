import { silentLog, type Log } from '@vaportrail/show';
import t from 'tap';
import type { Note } from '../src/mapping/desired-object.ts';
import { ObjectNotes } from '../src/object-notes.ts';
import { lb } from './sample-manager.ts';

const KEY = 'Service ns-user-1/service-web-clusterip';
const warning: Note = { level: 'warning', reason: 'NoFloatingIpPool', message: 'no pool' };
const info: Note = { level: 'info', reason: 'NoEndpoints', message: 'no pod' };

function notes() {
  const said: unknown[] = [];
  const events: string[] = [];
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      void said.push([level, fields, message]);
  const log = { ...silentLog, warn: say('warn'), info: say('info') } as Log;
  const of = new ObjectNotes({
    log,
    placeOf: (key) => (key === KEY ? 'web.yaml:3' : undefined),
    event: (_, { message }) => events.push(message),
  });
  return { of, said, events };
}

t.test('a note is told when it comes, not while it stays, and again when it comes back', (t) => {
  const { of, said, events } = notes();
  of.tell(KEY, lb(), [warning, info]);
  t.same(said, [
    ['warn', { object: KEY, place: 'web.yaml:3', reason: 'NoFloatingIpPool' }, 'no pool'],
    ['info', { object: KEY, place: 'web.yaml:3', reason: 'NoEndpoints' }, 'no pod'],
  ]);
  of.tell(KEY, lb(), [info, warning]);
  t.equal(said.length, 2);
  t.same([of.of(KEY).length, [...of.warnings()]], [2, [[KEY, warning]]]);
  of.tell(KEY, lb(), []);
  t.same([of.of(KEY), [...of.warnings()]], [[], []]);
  of.tell(KEY, lb(), [warning]);
  t.equal(said.length, 3);
  t.same(events, ['no pool', 'no pool'], 'warnings become events, the rest does not');
  t.end();
});

t.test('of an object that is gone a last word is logged, and nothing kept', (t) => {
  const { of, said, events } = notes();
  of.tell('Pod ns/gone', undefined, [warning]);
  t.same(said, [['warn', { object: 'Pod ns/gone', reason: 'NoFloatingIpPool' }, 'no pool']]);
  t.same([of.of('Pod ns/gone'), events], [[], []], 'there is nothing left that an event could be of');
  t.end();
});
