/** The name that a namespace, a database or a bucket has among objects and folders: whatever its id, no path leads out of it. */
export function scopeName(type: string, id: string): string {
  return `${type}-${id.replace(/[^A-Za-z0-9_-]/g, (unit) => `=${unit.charCodeAt(0).toString(16)}=`)}`;
}
