// The JavaScript peers of peers.py: answers each line of JSON on standard input with one on
// standard output. Bodies travel as base64. What a peer throws is its refusal.
import { isUtf8 } from "node:buffer";
import { createInterface } from "node:readline";
import * as octokit from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";

const peers = {
  standardwebhooks: {
    sign: ({ secret, id, timestamp }, body) => ({
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": new Webhook(secret).sign(id, new Date(timestamp * 1000), body),
    }),
    verify: ({ secret, headers }, body) => {
      new Webhook(secret).verify(body, headers, { jsonParse: false });
      return true;
    },
  },
  octokit: {
    sign: async ({ secret }, body) => ({ "X-Hub-Signature-256": await octokit.sign(secret, body) }),
    verify: ({ secret, headers }, body) =>
      octokit.verify(secret, body, headers["X-Hub-Signature-256"]),
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const bytes = Buffer.from(request.body, "base64");
  const body = isUtf8(bytes) ? bytes.toString() : bytes;
  let answer;
  try {
    answer = { result: await peers[request.peer][request.call](request, body) };
  } catch (error) {
    answer = { refusal: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
