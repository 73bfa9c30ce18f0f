/// A backend of the server. The start time distinguishes it from a later one with the same process id.
struct BackendIdentity: Sendable, Equatable {
    let pid: Int32
    /// Its start time, as the server writes it.
    let start: String
}
