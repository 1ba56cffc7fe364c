import { EventStreamCodec } from '@smithy/core/event-streams';

const codec = new EventStreamCodec(
  (input) => Buffer.from(input as Uint8Array).toString('utf8'),
  (input) => Buffer.from(input, 'utf8'),
);

/** One `PayloadPart` event of `ResponseStream`, in the `application/vnd.amazon.eventstream` framing. */
export function payloadPart(bytes: Uint8Array): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: 'PayloadPart' },
      ':content-type': { type: 'string', value: 'application/octet-stream' },
    },
    body: bytes,
  });
}

/** The `ModelStreamError` that ends a stream whose container broke off or took too long. */
export function modelStreamError(
  code: 'StreamBroken' | 'ModelInvocationTimeExceeded',
  message: string,
): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'exception' },
      ':exception-type': { type: 'string', value: 'ModelStreamError' },
      ':content-type': { type: 'string', value: 'application/json' },
    },
    body: Buffer.from(JSON.stringify({ Message: message, ErrorCode: code })),
  });
}
