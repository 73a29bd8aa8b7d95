// overlap.mjs: four sends to a server in the same process that answers none before all have come, on
// the main thread and then on another. It fails if a send blocks the event loop, or the next one.
import assert from 'node:assert';
import { createServer } from 'node:http';
import { Worker, isMainThread } from 'node:worker_threads';
import { Webhook } from './barker.mjs';

const COUNT = 4;
const hook = new Webhook('BARKER', 'secret');
const waiting = [];
const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request)
        chunks.push(chunk);
    hook.verify(request.rawHeaders, Buffer.concat(chunks));
    if (waiting.push(response.writeHead(200)) === COUNT)
        waiting.forEach((held) => held.end('dog'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const sends = Array.from({ length: COUNT }, (_, i) => hook.send(url, `dog ${i}`));
for (const answer of await Promise.all(sends))
    assert.deepStrictEqual(answer, { status: 200, body: Buffer.from('dog') });
server.close();
server.closeAllConnections();
if (isMainThread)
    await new Promise((resolve, reject) =>
        new Worker(new URL(import.meta.url)).on('exit', resolve).on('error', reject));
