/// Identifies a source of work, usually a procedure, in one pool.
package struct LaneID: Hashable, Sendable {
    let index: Int
}
