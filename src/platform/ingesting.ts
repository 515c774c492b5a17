import type { IngestResult } from '../materialize/index.ts'
import type { Platform } from '../platform.ts'
import { dial } from '../process/channel.ts'
import { openWriter } from './writing.ts'

/** Whoever takes events: the writer of a running server, or one opened here. */
export interface IngestTarget {
  ingest(source: string, events: readonly unknown[], backfill: boolean): Promise<IngestResult>
  close(): Promise<void>
}

/** How long a running writer may take to accept a connection on this machine. */
const dialMs = 500

/** Finds the running writer of a folder; where there is none, opens one in this process. */
export async function ingestTarget(platform: Platform): Promise<IngestTarget> {
  const client = await new Promise<ReturnType<typeof dial> | null>((resolve) => {
    const timer = setTimeout(() => {
      dialled.close()
      resolve(null)
    }, dialMs)
    const dialled = dial(platform.layout.writerSocket, {
      peer: 'writer',
      onConnect: () => {
        clearTimeout(timer)
        resolve(dialled)
      },
    })
  })
  if (client !== null) {
    return {
      ingest: async (source, events, backfill) =>
        (await client.call('ingest', { source, events, backfill })) as IngestResult, // the writer's own answer
      close: async () => client.close(),
    }
  }
  const { writer, close } = await openWriter(platform)
  return { ingest: (source, events, backfill) => writer.ingest(source, events, { backfill }), close }
}
