/** The RuntimeClass, and the runtime of the nodes, whose containers may lock any amount of memory. */
export const memlockRuntime = 'high-memlock';
