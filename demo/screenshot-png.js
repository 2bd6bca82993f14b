// Makes a PNG smaller without a change to the picture.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** The same picture: browsers deflate in a hurry (PNG, third edition, 10). */
export function packTightly(png) {
  const kept = [];
  const data = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    else kept.push([type, png.subarray(at + 8, at + 8 + png.readUInt32BE(at))]);
  }
  const deflated = deflateSync(inflateSync(Buffer.concat(data)), { level: 9, memLevel: 9 });
  const chunks = [kept[0], ['IDAT', deflated], ['IEND', Buffer.alloc(0)]].map(([type, bytes]) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), bytes]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([png.subarray(0, 8), ...chunks]);
}
