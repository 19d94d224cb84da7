/** This user's ids, as variables for compose files, builds and scripts. */
export function userIds(): { CERC_HOST_UID: string; CERC_HOST_GID: string } {
  return { CERC_HOST_UID: String(process.getuid?.() ?? 0), CERC_HOST_GID: String(process.getgid?.() ?? 0) };
}
