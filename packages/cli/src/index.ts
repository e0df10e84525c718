export { commands, program, version } from './program.ts';
