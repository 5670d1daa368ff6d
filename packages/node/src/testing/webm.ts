/**
 * For tests: a WebM file of encoded frames, with an index to seek by. Source: RFC 8794 (EBML), RFC
 * 9559 (Matroska).
 * @module
 */

/** Frames that are shown from `timeMs` on; the first of each is a key frame. */
export interface WebmCluster {
  readonly timeMs: number
  readonly frames: readonly { readonly timeMs: number; readonly bytes: Uint8Array }[]
}

/** A video of one track. */
export interface WebmVideo {
  readonly codec: 'V_VP8'
  readonly width: number
  readonly height: number
  readonly durationMs: number
  readonly clusters: readonly WebmCluster[]
  /** Bytes of nothing after each cluster, so that a short video is a large file. */
  readonly fillBytes: number
}

const utf8 = new TextEncoder()

/** An element: its id, the size of what is in it in eight bytes, and that. */
function element(id: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n))
  const hex = id.toString(16)
  return Buffer.concat([Buffer.from(hex, 'hex'), size, body])
}

function uint(id: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return element(id, bytes)
}

function float(id: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return element(id, bytes)
}

function text(id: number, value: string): Uint8Array {
  return element(id, utf8.encode(value))
}

function clusterOf({ timeMs, frames }: WebmCluster): Uint8Array {
  const blocks = frames.map((frame, index) => {
    // Track 1, time from the cluster's in 16 bits, flags: a key frame or none.
    const head = Buffer.from([0x81, 0, 0, index === 0 ? 0x80 : 0])
    head.writeInt16BE(frame.timeMs - timeMs, 1)
    return element(0xa3, head, frame.bytes)
  })
  return element(0x1f43b675, uint(0xe7, timeMs), ...blocks)
}

function cuesOf(clusters: readonly WebmCluster[], offsets: readonly number[]): Uint8Array {
  const points = clusters.map(({ timeMs }, index) => {
    const place = element(0xb7, uint(0xf7, 1), uint(0xf1, offsets[index]!))
    return element(0xbb, uint(0xb3, timeMs), place)
  })
  return element(0x1c53bb6b, ...points)
}

/**
 * The bytes of a file whose index comes before its frames. Times are in milliseconds.
 *
 * @example
 * const file = webmOf({ codec, width: 64, height: 64, durationMs, clusters, fillBytes: 0 })
 */
export function webmOf(video: WebmVideo): Uint8Array {
  const { codec, width, height, durationMs, clusters, fillBytes } = video
  const info = element(0x1549a966, uint(0x2ad7b1, 1_000_000), float(0x4489, durationMs))
  const size = element(0xe0, uint(0xb0, width), uint(0xba, height))
  const track = [uint(0xd7, 1), uint(0x73c5, 1), uint(0x83, 1), text(0x86, codec), size]
  const tracks = element(0x1654ae6b, element(0xae, ...track))
  const fill = element(0xec, new Uint8Array(fillBytes))
  const bodies = clusters.map((cluster) => Buffer.concat([clusterOf(cluster), fill]))
  // All numbers have eight bytes, so the size of the index does not depend on what it says.
  const cuesBytes = cuesOf(
    clusters,
    clusters.map(() => 0),
  ).length
  let at = info.length + tracks.length + cuesBytes
  const offsets = bodies.map((body) => (at += body.length) - body.length)
  const head = [uint(0x4286, 1), uint(0x42f7, 1), uint(0x42f2, 4), uint(0x42f3, 8)]
  const ebml = element(0x1a45dfa3, ...head, text(0x4282, 'webm'), uint(0x4287, 4), uint(0x4285, 2))
  return Buffer.concat([
    ebml,
    element(0x18538067, info, tracks, cuesOf(clusters, offsets), ...bodies),
  ])
}
