/// This sidecar's share of the work that must happen once among several.
enum Acting {
    /// The leader is not known yet.
    case undecided
    /// It leads, and does it.
    case here
    /// It has led, and has lost the lease; no other sidecar is known to lead. New work waits, and none of it runs.
    case suspended
    /// The same for so long that one of the standbys leads by now. New work still waits; the router is asked for
    /// nothing.
    case deposed
    /// Another sidecar does it, or this one has returned the lead.
    case elsewhere
}
