// calls.mjs URL ROUNDS: makes every kind of call so often, thrice; after each time it waits for a line.
import assert from 'node:assert';
import { createInterface } from 'node:readline';
import { BarkerError, Webhook } from './barker.mjs';

const fails = (status) => (error) =>
    error instanceof BarkerError && error.status === status && error.message !== '';

const [, , url, rounds] = process.argv;
const body = Buffer.from('00ff'.repeat(200), 'hex');
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (let time = 0; time < 3; time++) {
    const sender = new Webhook('BARKER', 'secret');
    for (let round = 0; round < rounds; round++) {
        const hook = new Webhook('STANDARD', 'whsec_' + 'eHh4'.repeat(8));
        let headers;
        for (let i = 0; i < 10; i++)
            headers = Object.entries(hook.sign(body)).flat();
        hook.verify(headers, body);
        assert.throws(() => hook.verify(headers, Buffer.alloc(0)), fails(303));
        assert.throws(() => hook.verify([], body), fails(300));
        await assert.rejects(hook.send('http://', body), fails(102));
        assert.throws(() => new Webhook('STANDARD', '?'), fails(105));
        const answer = await sender.send(url, body);
        assert.deepStrictEqual(answer, { status: 204, body: Buffer.alloc(0) });
        hook.free();
    }
    for (let i = 0; i < 3; i++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run
    }
    console.log('done');
    await lines.next();
}
process.exit();
