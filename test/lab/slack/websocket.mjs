import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The server's side of one WebSocket, as far as Socket Mode needs it: text, ping, pong, close; no extensions. */
export class WebSocketSide extends EventEmitter {
  constructor(request, socket, head) {
    super();
    this.socket = socket;
    this.isOpen = true;
    this.bytes = head ?? Buffer.alloc(0);
    this.parts = [];
    const accept = createHash('sha1')
      .update(request.headers['sec-websocket-key'] + MAGIC)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      this.bytes = Buffer.concat([this.bytes, data]);
      while (this.readFrame());
    });
    socket.on('close', () => {
      this.isOpen = false;
      this.emit('close');
    });
  }

  send(text) {
    this.write(1, text);
  }

  ping() {
    this.write(9, 'p');
  }

  /** Cut, without a word. */
  terminate() {
    this.isOpen = false;
    this.socket.destroy();
  }

  write(kind, content) {
    if (this.socket.destroyed) return;
    const data = Buffer.from(content);
    this.socket.write(Buffer.concat([header(kind, data.length), data]));
  }

  /** Takes one frame off the bytes. @returns whether there was a whole one. */
  readFrame() {
    const { bytes } = this;
    if (bytes.length < 2) return false;
    const kind = bytes[0] & 15;
    const isLast = (bytes[0] & 128) !== 0;
    const isMasked = (bytes[1] & 128) !== 0;
    let length = bytes[1] & 127;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return false;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return false;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const start = at + (isMasked ? 4 : 0);
    if (bytes.length < start + length) return false;
    const data = Buffer.from(bytes.subarray(start, start + length));
    if (isMasked) for (let i = 0; i < length; i++) data[i] ^= bytes[at + (i & 3)];
    this.bytes = bytes.subarray(start + length);
    this.take(kind, isLast, data);
    return true;
  }

  take(kind, isLast, data) {
    if (kind === 8) {
      this.write(8, data.subarray(0, 2));
      this.isOpen = false;
      this.socket.end();
    } else if (kind === 9) {
      this.write(10, data);
    } else if (kind <= 2) {
      this.parts.push(data);
      if (!isLast) return;
      this.emit('message', Buffer.concat(this.parts).toString());
      this.parts = [];
    }
  }
}

function header(kind, length) {
  if (length < 126) return Buffer.from([0x80 | kind, length]);
  if (length < 65_536) return Buffer.from([0x80 | kind, 126, length >> 8, length & 255]);
  const long = Buffer.alloc(10);
  long[0] = 0x80 | kind;
  long[1] = 127;
  long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}
