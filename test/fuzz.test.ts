// Every input of the corpora, and some variations of each, through every fuzz target: what once went wrong stays right.
// `npm run fuzz` goes on from there for as long as it is told to.
import t from 'tap';
import { bgpMessages } from './fuzz/bgp-messages.ts';
import { controlNodeStreams } from './fuzz/control-node-streams.ts';
import { Dice } from './fuzz/mutation.ts';
import { seedsOf } from './fuzz/target.ts';
import { xmppStreams } from './fuzz/xmpp-streams.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const VARIATIONS = Number(process.env['FUZZ_VARIATIONS'] ?? 10);

for (const [name, target] of Object.entries({ bgpMessages, xmppStreams, controlNodeStreams })) {
  t.test(`${name}: ${target.about}`, async (t) => {
    const seeds = seedsOf(target);
    const dice = new Dice(SEED);
    const kinds = new Set<string>();
    for (const seed of seeds) {
      for (let i = 0; i <= VARIATIONS; i++) {
        const input = i === 0 ? seed : target.vary(seed, dice.pick(seeds), dice);
        try {
          kinds.add(target.run(input, dice));
        } catch (error) {
          t.comment(Buffer.from(input).toString('hex'));
          throw error;
        }
      }
      // What the code under test puts off to the end of a turn has to come to an end.
      await new Promise(setImmediate);
    }
    t.ok(kinds.size > seeds.length / 2, `${kinds.size} kinds of result of ${seeds.length} inputs`);
  });
}
