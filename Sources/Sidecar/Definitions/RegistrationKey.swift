/// The row of the SQL interface that a mapping comes from, whatever its content.
struct RegistrationKey: Hashable {
    /// Its table.
    enum Kind: String {
        case registration, subscription
    }

    let kind: Kind
    let id: Int64
}
