/// What this sidecar does of what must happen once among several.
enum Acting {
    /// It leads.
    case here
    /// It has led, and has lost the lease; nobody else is known to lead. What comes waits, and nothing of it is run.
    case suspended
    /// Another one does it, or it is not known who.
    case elsewhere
}
