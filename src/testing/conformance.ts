/**
 * The laws of every port, for drivers of your own. They are written with vitest and fast-check, optional peers of this package
 * that are loaded when a suite is asked for. A driver's whole test file:
 *
 * ```ts
 * await onlineStoreConformance('mine', (folder, { readOnly }) => openMyStore(folder, { readOnly }))
 * ```
 */

/** The laws of a metadata store. */
export const metadataStoreConformance = async (
  ...suite: Parameters<typeof import('../metadata/conformance.ts').metadataStoreConformance>
): Promise<void> => (await import('../metadata/conformance.ts')).metadataStoreConformance(...suite)

/** The laws of a blob store. */
export const blobStoreConformance = async (
  ...suite: Parameters<typeof import('../blob/conformance.ts').blobStoreConformance>
): Promise<void> => (await import('../blob/conformance.ts')).blobStoreConformance(...suite)

/** The laws of a stream log. */
export const streamLogConformance = async (
  ...suite: Parameters<typeof import('../stream/conformance.ts').streamLogConformance>
): Promise<void> => (await import('../stream/conformance.ts')).streamLogConformance(...suite)

/** The laws of an online store. */
export const onlineStoreConformance = async (
  ...suite: Parameters<typeof import('../online/conformance.ts').onlineStoreConformance>
): Promise<void> => (await import('../online/conformance.ts')).onlineStoreConformance(...suite)

/** The laws of an offline engine. */
export const offlineEngineConformance = async (
  ...suite: Parameters<typeof import('../offline/conformance.ts').offlineEngineConformance>
): Promise<void> => (await import('../offline/conformance.ts')).offlineEngineConformance(...suite)
