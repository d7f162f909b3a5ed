/** The one package that the emulator alone needs, which an installation may go without. */
const OPTIONAL_PACKAGE = 'selfsigned';

/**
 * What an error of importing the emulator says is missing, with what to do; null: nothing is, and the error is a defect.
 * The container image has neither the emulator nor its package, and `npm install --omit=optional` leaves the package out.
 */
export function whatEmulatorLacks(error: unknown): string | null {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return null;
  // Node names a package by what was imported, and a file by its path.
  return error.message.includes(`'${OPTIONAL_PACKAGE}'`)
    ? `it makes its certificates with the optional package ${OPTIONAL_PACKAGE}, which is not installed: npm install ${OPTIONAL_PACKAGE}`
    : 'the push service emulator is not part of this installation, as in the container image: use the npm package or a checkout';
}
