/// Which row of the SQL interface a mapping comes from, whatever is in it.
struct RegistrationKey: Hashable {
    /// Which table it is of.
    enum Kind: String {
        case registration, subscription
    }

    let kind: Kind
    let id: Int64
}
