//! Whether environment variables may be followed: not if the program has rights that whoever sets
//! them lacks.

/// Whether the program has rights that its user does not have (setuid, setgid, file capabilities).
pub(crate) fn is_privileged() -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: getauxval() takes any number, and touches no memory of the program's.
    let is_privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    // SAFETY: issetugid() takes nothing and always succeeds.
    let is_privileged = unsafe { libc::issetugid() } != 0;
    is_privileged
}
