/** Entry point of the `vaportrail` command. */
import { program } from './program.ts';

// A reader that leaves early (`vaportrail show routes | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const args = process.argv.slice(2);
  await (await program(args)).parseAsync(args, { from: 'user' });
} catch (error) {
  const { outcome } = await import('./outcome.ts');
  const { code, message } = outcome(error);
  if (message !== '') process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
