// Hands the event of a file to the handler and prints the answer, as Lambda and API Gateway would.
import { readFile } from 'node:fs/promises';
import { handler } from './handler.js';

const [file = 'examples/lambda-api-gateway/event.json'] = process.argv.slice(2);
const event = JSON.parse(await readFile(file, 'utf8')) as Parameters<typeof handler>[0];
const { statusCode, body } = await handler(event);
console.log(statusCode, JSON.stringify(JSON.parse(body), null, 2));
process.exit();
