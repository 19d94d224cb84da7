const namePattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)+$/;

/** Why a container's name is not valid, or undefined: it must be `org/name` and usable in an image name. */
export function containerNameProblem(container: string): string | undefined {
  return namePattern.test(container)
    ? undefined
    : `container "${container}": must be org/name, in lower-case letters, digits and single . _ - between them`;
}

/** The image that the build of a container must create. */
export function imageOf(container: string): string {
  return `${container}:local`;
}

/** The folder of a container's build files: `cerc/test-container` → `cerc-test-container`. */
export function folderOf(container: string): string {
  return container.replaceAll('/', '-');
}
