import { existsSync } from 'node:fs'
import { storedFrontiers } from '../online/index.ts'
import type { Platform } from '../platform.ts'
import { dial } from '../process/channel.ts'
import type { Instant } from '../values/index.ts'
import type { WriterStatus } from './writing.ts'

/** How long a running writer may take to say how far it is before what it last kept is taken for it. */
const patienceMs = 2_000

/**
 * The frontier of each source as far as anybody knows: the writer's own where it runs, else the one that it kept. Every row
 * received before it is in the log, so tables that are pinned after this was asked have them all. Sources of which none is
 * known are left out.
 */
export async function frontiersNow(
  platform: Platform,
  sources: readonly string[],
): Promise<Readonly<Record<string, Instant>>> {
  const known = new Map(Object.entries(await keptFrontiers(platform, sources)))
  for (const [source, frontierMs] of Object.entries(await liveFrontiers(platform.layout.writerSocket)))
    known.set(source, Math.max(frontierMs, known.get(source) ?? Number.NEGATIVE_INFINITY))
  return Object.fromEntries(sources.flatMap((source) => (known.has(source) ? [[source, known.get(source)!]] : [])))
}

async function liveFrontiers(socket: string): Promise<Readonly<Record<string, Instant>>> {
  if (!existsSync(socket)) return {}
  const writer = dial(socket, { peer: 'writer' })
  try {
    const status = (await writer.call('status', null, { deadlineMs: patienceMs })) as WriterStatus // our own writer's answer
    return status.frontiers
  } catch {
    // It does not run, or is too busy to say: what it kept is true all the same.
    return {}
  } finally {
    writer.close()
  }
}

async function keptFrontiers(
  { project, stores }: Platform,
  sources: readonly string[],
): Promise<Readonly<Record<string, Instant>>> {
  const online = await stores.openOnlineReader()
  try {
    return await storedFrontiers(online, project, sources)
  } catch {
    // There was no writer yet, or its state cannot be read: then nobody knows, and only what tables prove themselves counts.
    return {}
  } finally {
    await online.close()
  }
}
