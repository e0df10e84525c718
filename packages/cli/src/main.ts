/** Entry point of the `vaportrail` command. */
import { outcome } from './command.ts';
import { program } from './program.ts';

// A reader that leaves early (`vaportrail show routes | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  const { code, message } = outcome(error);
  if (message !== '') process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
