/// What this sidecar does of what must happen once among several.
enum Acting {
    /// It is not known yet which sidecar leads.
    case undecided
    /// It leads, and does it.
    case here
    /// It has led, and has lost the lease; no other sidecar is known to lead. What comes waits, and nothing of it runs.
    case suspended
    /// The same for so long that one of those that stood by leads by now. What comes still waits; the router is asked for nothing.
    case deposed
    /// Another sidecar does it, or this one has given the lead back.
    case elsewhere
}
