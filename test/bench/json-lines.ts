/** Lines of JSON from a config node's watch, one call each. */
import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

export function followLines(url: string, line: (value: unknown) => void): void {
  const request = get(url, { agent }, (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const text of lines) if (text !== '') line(JSON.parse(text));
    });
  });
  // The benchmark ends by ending processes: whoever is left hears of it here.
  request.on('error', () => {});
}
