/** The lines of an answer that goes on and on, each no longer than is sensible. */

/**
 * @param most characters that a line may have
 * @throws Error for a longer one, and for an end in the middle of one
 */
export async function* answerLines(chunks: AsyncIterable<string>, most: number): AsyncGenerator<string> {
  let parts: string[] = [];
  let length = 0;
  const keep = (part: string): void => {
    length += part.length;
    if (length > most) throw new Error(`a line of more than ${most} characters`);
    parts.push(part);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      keep(chunk.slice(from, end));
      if (length > 0) yield parts.join('');
      parts = [];
      length = 0;
      from = end + 1;
    }
    if (from < chunk.length) keep(chunk.slice(from));
  }
  if (length > 0) throw new Error('it ended in the middle of a line');
}
