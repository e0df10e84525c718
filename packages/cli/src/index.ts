export { commands, program } from './program.ts';
