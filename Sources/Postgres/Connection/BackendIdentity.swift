/// A backend of the server, and no other one that gets its process id later.
struct BackendIdentity: Sendable, Equatable {
    let pid: Int32
    /// When it began, as the server writes it.
    let start: String
}
