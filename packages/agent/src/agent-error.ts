/** Thrown when a change asked for at run time contradicts what is there; nothing has been changed then. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
}
