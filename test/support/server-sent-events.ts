export type ServerSentEvent = { readonly event: string; readonly data: string };

/** Reads an event stream to its end: all events, oldest first. A connection that breaks off ends it as well. */
export async function readEvents(answer: Response): Promise<ServerSentEvent[]> {
  let text = '';
  try {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  } catch {
    // What came before the break counts.
  }
  return text
    .split('\n\n')
    .filter((block) => block.includes('data:'))
    .map((block) => ({ event: fieldOf(block, 'event'), data: fieldOf(block, 'data') }));
}

function fieldOf(block: string, name: string): string {
  const lines = block.split('\n').filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).trimStart()).join('\n');
}
