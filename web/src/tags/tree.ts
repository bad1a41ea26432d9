/** The tree that tags make. */
import type { TagNode } from "@/api/types";

export interface Branch extends TagNode {
  /** The last level of its name. */
  own: string;
  below: Branch[];
}

/** The list, in which each tag follows the one it lies below, as a tree. */
export function grown(nodes: readonly TagNode[]): Branch[] {
  const roots: Branch[] = [];
  const known = new Map<string, Branch>();
  for (const node of nodes) {
    const cut = node.name.lastIndexOf("/");
    const branch: Branch = { ...node, own: node.name.slice(cut + 1), below: [] };
    known.set(node.name.toLowerCase(), branch);
    (known.get(node.name.slice(0, Math.max(0, cut)).toLowerCase())?.below ?? roots).push(branch);
  }
  return roots;
}

/** What is called so, with all it lies below and all below it. */
export function pruned(branches: readonly Branch[], sought: string): Branch[] {
  const wanted = sought.trim().toLowerCase();
  return branches.flatMap((branch) => {
    if (branch.own.toLowerCase().includes(wanted) || branch.name.toLowerCase() === wanted) return [branch];
    const below = pruned(branch.below, wanted);
    return below.length > 0 ? [{ ...branch, below }] : [];
  });
}
