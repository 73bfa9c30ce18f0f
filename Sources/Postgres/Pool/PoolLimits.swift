package import NIOCore

/// The limits of a pool.
package struct PoolLimits: Sendable {
    /// Connections for calls.
    package let connections: Int
    /// How many calls may be under way on one connection, if all of them are fast.
    package let pipeline: Int
    /// How many calls may wait, of all lanes together.
    package let queue: Int
    /// How long a call may wait.
    package let queueTimeout: TimeAmount

    package init(connections: Int, pipeline: Int, queue: Int, queueTimeout: TimeAmount) {
        self.connections = connections
        self.pipeline = pipeline
        self.queue = queue
        self.queueTimeout = queueTimeout
    }
}
